// What web3protocol makes of URLs: of each the status, the headers and the body in hex, or
// {error} where it refuses.
import { Client } from "web3protocol";

const input = await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => done(JSON.parse(text)));
});
const client = new Client(
  [
    {
      id: input.chainId,
      name: "devnet",
      shortName: "devnet",
      rpcUrls: [input.rpc],
      contracts: { ensRegistry: { address: input.registry } },
    },
  ],
  {},
);

async function fetched(url) {
  try {
    const { httpCode, httpHeaders, output } = await client.fetchUrl(url);
    const body = Buffer.from(await new Response(output).arrayBuffer());
    const headers = Object.entries(httpHeaders).map(([name, value]) => [name.toLowerCase(), value]);
    return { status: httpCode, headers: Object.fromEntries(headers), body: body.toString("hex") };
  } catch (error) {
    return { error: String(error).slice(0, 300) };
  }
}

const pages = [];
for (const url of input.urls) pages.push(await fetched(url));
console.log(JSON.stringify(pages));
process.exit(0);
