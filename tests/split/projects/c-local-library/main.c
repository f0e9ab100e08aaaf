void g(void);int main(){g();return 0;}
