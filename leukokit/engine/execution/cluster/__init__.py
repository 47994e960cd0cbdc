"""Work on a dask cluster: digests, images and tuning, with the results of one machine to the byte."""
