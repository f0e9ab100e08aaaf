from greeting import WORD

print(WORD)
