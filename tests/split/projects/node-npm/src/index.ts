import ms from "ms";

const day: number = ms("1d");
console.log(day);
