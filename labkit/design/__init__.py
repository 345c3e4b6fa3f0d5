"""Room: experiments planned and analysed. Pure: cells and their order, knobs read back, numbers of files."""
