"""What a port brings in silently: one subject a module, each with rules PC2xx."""
