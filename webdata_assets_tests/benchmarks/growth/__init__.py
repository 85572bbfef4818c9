"""How what a layer costs grows with its pages, from 1,000 on, each size in a fresh process."""
