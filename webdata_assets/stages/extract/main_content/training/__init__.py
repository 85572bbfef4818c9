"""Training the model of the main content: `python -m webdata_assets.stages.extract.main_content.training`.

Nothing that runs in a pipeline imports this room; it needs the extra `train`.
"""
