echo '{"rows": 3}'
