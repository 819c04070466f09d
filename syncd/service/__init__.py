"""The process: wiring, command line, schedule and logs; the only place things are plugged together."""
