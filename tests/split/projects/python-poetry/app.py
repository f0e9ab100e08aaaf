import humanize

print(humanize.apnumber(5))
