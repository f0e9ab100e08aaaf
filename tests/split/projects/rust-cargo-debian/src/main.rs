fn main() {
    println!("{}", std::fs::read_to_string("words.txt").unwrap().len());
}
