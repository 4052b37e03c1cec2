// The stream of changes: shared by all tabs where the browser can, else one of our own.
export function listen(as, rev, take, onState) {
  const heard = ({ data }) => {
    if (data.state) onState(data.state === "open");
    for (const notice of data.notices || []) take(notice);
  };
  let port;
  if (typeof SharedWorker !== "undefined") {
    port = new SharedWorker("/static/stream-worker.js", { type: "module", name: "xiaoer" }).port;
    port.onmessage = heard;
    hello();
  } else {
    import("./stream-worker.js").then(({ attach }) => {
      const { port1, port2 } = new MessageChannel();
      attach(port2);
      port = port1;
      port.onmessage = heard;
      hello();
    });
  }
  function hello() {
    port.postMessage({ as, rev });
  }
  addEventListener("pagehide", () => port?.postMessage({ bye: true }));
  addEventListener("pageshow", (event) => event.persisted && hello());
}
