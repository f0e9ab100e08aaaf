public class App {
    public static void main(String[] words) {
        System.out.println("java " + Runtime.version().feature());
    }
}
