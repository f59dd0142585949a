# The built-in simulator.

recognised-simulator = Made by the built-in simulator
