// One stream for all tabs: a browser allows six connections to one place, and each tab may be another person.
const tabs = new Map(); // port -> { as, rev }
let source = null;
let people = "";

function tell(message) {
  for (const port of tabs.keys()) port.postMessage(message);
}

function connect() {
  const wanted = [...new Set([...tabs.values()].map((tab) => tab.as))].sort();
  if (wanted.join() === people && source && source.readyState !== EventSource.CLOSED) return;
  people = wanted.join();
  if (source) source.close();
  source = null;
  if (!wanted.length) return;
  const query = new URLSearchParams(wanted.map((as) => ["as", as]));
  query.set("since", Math.min(...[...tabs.values()].map((tab) => tab.rev)));
  source = new EventSource(`/stream?${query}`);
  source.onopen = () => tell({ state: "open" });
  source.onerror = () => {
    tell({ state: "lost" });
    if (source && source.readyState === EventSource.CLOSED) {
      people = "";
      setTimeout(connect, 1000);
    }
  };
  source.onmessage = (event) => {
    const rev = Number(event.lastEventId);
    const notices = JSON.parse(event.data);
    for (const [port, tab] of tabs) {
      tab.rev = Math.max(tab.rev, rev);
      const own = notices.filter((notice) => notice.to === tab.as || notice.to === "*");
      if (own.length) port.postMessage({ notices: own });
    }
  };
}

export function attach(port) {
  port.onmessage = ({ data }) => {
    if (data.bye) tabs.delete(port);
    else tabs.set(port, { as: data.as, rev: data.rev });
    if (!data.bye) people = ""; // a new page knows less than the stream has told
    connect();
  };
}

if (typeof SharedWorkerGlobalScope !== "undefined") self.onconnect = (event) => attach(event.ports[0]);
