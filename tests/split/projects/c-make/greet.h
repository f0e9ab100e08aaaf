#define WORDS "/usr/local/share/greet/words.txt"
