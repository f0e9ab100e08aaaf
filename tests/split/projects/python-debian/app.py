import humanize

print(humanize.naturalsize(123456))
