import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

function Clock() {
  const [time, setTime] = useState("…");
  useEffect(() => {
    const timer = setInterval(async () => {
      const answer = await fetch("/api/time");
      setTime((await answer.json()).time);
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return <p>The server says it is {time}.</p>;
}

render(<Clock />, document.getElementById("clock")!);
