import { expect, it } from "vitest";
import { outputLink } from "./outputs.ts";

const gateways = { s3GatewayUrl: "http://127.0.0.1:9000", ipfsGatewayUrl: "http://127.0.0.1:8080/ipfs" };

it("turns object store and IPFS URIs into gateway links", () => {
  expect(outputLink("s3://outputs/jobs/a b.tar", gateways).url).toBe(
    "http://127.0.0.1:9000/outputs/jobs/a%20b.tar",
  );
  expect(outputLink("ipfs://bafyabc", gateways).url).toBe("http://127.0.0.1:8080/ipfs/bafyabc");
});

it("takes an IPFS gateway with and without its path", () => {
  const plain = { ...gateways, ipfsGatewayUrl: "https://ipfs.example" };
  expect(outputLink("ipfs://bafyabc/x.txt", plain).url).toBe("https://ipfs.example/ipfs/bafyabc/x.txt");
});

it("has no link without a gateway", () => {
  expect(outputLink("ipfs://bafyabc", { s3GatewayUrl: null, ipfsGatewayUrl: null }).url).toBeNull();
});

it("never makes a script or file link out of what a provider wrote", () => {
  for (const uri of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ipfs://../x"]) {
    expect(outputLink(uri, gateways).url).toBeNull();
  }
});
