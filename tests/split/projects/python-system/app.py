import six, yaml, semver; print(six.PY3)
