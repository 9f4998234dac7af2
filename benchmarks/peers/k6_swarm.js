// The swarm as a k6 user writes it: parse each message, put its latency into a Trend.
import { Trend } from "k6/metrics";
import { WebSocket } from "k6/experimental/websockets";

const latency = new Trend("reading_latency", true);

export const options = {
  scenarios: {
    swarm: { executor: "per-vu-iterations", vus: Number(__ENV.CLIENTS), iterations: 1, maxDuration: "10m" },
  },
};

export default function () {
  const socket = new WebSocket(__ENV.URL, "sensorswarm.v1");
  socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: "t", subscribe: ["b-0001"] }));
  socket.onmessage = (event) => {
    const now = Date.now();
    const message = JSON.parse(event.data);
    if (message.type !== "readings") return;
    for (const reading of message.readings) latency.add(now - reading.ts * 1000);
  };
}
