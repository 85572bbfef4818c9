"""Heavy maps on threads and on Dask."""
