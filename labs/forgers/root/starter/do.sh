#!/bin/sh
# TODO: what the handout asks for
