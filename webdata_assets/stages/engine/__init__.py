"""Heavy maps inside a step, on this machine's cores or on those of Dask workers.

What belongs here: handing batches out, order, bounded memory, lost machines. What does not: any work itself.
"""
