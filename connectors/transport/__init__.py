"""HTTP shared by connectors: pacing, retrying, time-outs; knows no shop."""
