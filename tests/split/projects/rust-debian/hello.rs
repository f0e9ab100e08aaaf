fn main() {
    let sum: u32 = (1..=10).sum();
    println!("{sum}");
}
