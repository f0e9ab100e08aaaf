import psycopg2; print(1)
