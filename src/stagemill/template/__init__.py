"""Go templates for `--format`: the language of text/template as far as docker's users write it. Text → nodes → text."""
