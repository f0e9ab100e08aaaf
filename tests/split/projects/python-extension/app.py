import counter

print("sqlite", counter.version())
