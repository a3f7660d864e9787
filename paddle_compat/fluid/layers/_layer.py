from paddle_compat.fluid._layer import *  # noqa: F403
