// Compiles every contract beside this file with the solc package (npm install solc)
// and writes what the devnet deploys. The compiler's version is kept with the result.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const here = new URL(".", import.meta.url);
const target = new URL("../src/walkaway/devnet/execution/contracts.json", here);
const names = readdirSync(here).filter((name) => name.endsWith(".sol")).sort();
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: Object.fromEntries(
        names.map((name) => [name, { content: readFileSync(new URL(name, here), "utf8") }]),
      ),
      settings: {
        evmVersion: "cancun",
        optimizer: { enabled: true },
        metadata: { bytecodeHash: "none", appendCBOR: false },
        outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "storageLayout"] } },
      },
    }),
  ),
);
const problems = (output.errors ?? []).map((problem) => problem.formattedMessage);
if (problems.length > 0) throw new Error(problems.join("\n"));

const contracts = {};
for (const name of names) {
  for (const [contract, { abi, evm, storageLayout }] of Object.entries(output.contracts[name])) {
    if (evm.deployedBytecode.object === "") continue; // abstract
    const slots = storageLayout.storage.map(({ label, slot }) => [label, Number(slot)]);
    contracts[contract] = {
      abi,
      creation: "0x" + evm.bytecode.object,
      code: "0x" + evm.deployedBytecode.object,
      slots: Object.fromEntries(slots),
    };
  }
}
writeFileSync(target, JSON.stringify({ compiler: solc.version(), contracts }, null, 1) + "\n");
