// The published CometD server with durable replay added through its listeners, as Salesforce has it. No protocol of ours.
//
// Prints one JSON line {"port": N} once it listens. Beside the Bayeux endpoint under /cometd/ it obeys
//   POST /publish {"channel", "payload"}   -> {"replayId"}
//   POST /lose                             -> the next answer with events in it is cut off; the server believes it sent
//   GET  /sessions                         -> {"count"}
"use strict";

const http = require("http");
const cometd = require("cometd-nodejs-server");

const CHANNELS = ["/data/ChangeEvents", "/data/OrderChangeEvent"];
const [timeout, maxInterval, sweepPeriod] = process.argv.slice(2).map(Number);

const bayeux = cometd.createCometDServer({ timeout, maxInterval, sweepPeriod });
const sessions = new Set();
bayeux.addListener("sessionAdded", (session) => sessions.add(session.id));
bayeux.addListener("sessionRemoved", (session) => sessions.delete(session.id));

const log = new Map(CHANNELS.map((name) => [name, []]));
let lastReplayId = 1000;

for (const name of CHANNELS) {
  const channel = bayeux.createServerChannel(name);
  channel.addListener("subscribed", (_channel, session, message) => {
    const asked = message.ext && message.ext.replay ? message.ext.replay[name] : -1;
    if (asked === -1) return;
    for (const data of log.get(name)) {
      if (data.event.replayId > asked) session.deliver(null, name, data);
    }
  });
}

function publish({ channel, payload }) {
  lastReplayId += 13;
  const data = { schema: "none", payload, event: { replayId: lastReplayId } };
  log.get(channel).push(data);
  bayeux.getServerChannel(channel).publish(null, data);
  return { replayId: lastReplayId };
}

function readJson(request, then) {
  let text = "";
  request.on("data", (chunk) => (text += chunk));
  request.on("end", () => then(text ? JSON.parse(text) : {}));
}

let answersToLose = 0;

function mayLose(request, response) {
  const end = response.end;
  response.end = function (content, ...more) {
    if (answersToLose === 0 || !String(content).includes('"replayId"')) return end.call(this, content, ...more);
    answersToLose -= 1;
    response.emit("finish");
    return request.socket.destroy();
  };
  return response;
}

const server = http.createServer((request, response) => {
  const say = (answer) => response.end(JSON.stringify(answer));
  if (request.url.startsWith("/cometd")) {
    bayeux.handle(request, mayLose(request, response));
  } else if (request.url === "/publish") {
    readJson(request, (asked) => say(publish(asked)));
  } else if (request.url === "/lose") {
    answersToLose += 1;
    say({});
  } else {
    say({ count: sessions.size });
  }
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
