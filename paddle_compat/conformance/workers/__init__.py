"""Scripts that run inside an interpreter with a real Paddle: numpy, Paddle, Python 3.8 syntax."""
