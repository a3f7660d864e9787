"""The arithmetic of detectors: boxes, anchors, matching, suppression; torch alone."""
