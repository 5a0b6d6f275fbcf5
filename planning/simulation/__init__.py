"""A network in motion, day by day, in many replications at once: `run.simulate` is the way in.

`network` says what there is, `demand` what will be asked for, `policies` who orders and moves, `shocks` what goes
wrong, `engine` walks the days, `results` tells what came of it with intervals.
"""
