#!/bin/bash
jq .rows table.json
