public class App {
    public static void main(String[] words) {
        System.out.println("words: " + words.length);
    }
}
