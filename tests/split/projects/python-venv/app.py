import humanize

print(humanize.metric(1500, "V"))
