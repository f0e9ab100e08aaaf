import os

import humanize

print(humanize.intcomma(1234567), os.environ["APP_MODE"])
