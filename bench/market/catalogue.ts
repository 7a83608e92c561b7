/**
 * What machines and jobs of a generated market are like: models, places, names, images.
 * It doesn't know how often each occurs in time.
 */

export interface GpuModel {
  model: string;
  vramGb: number;
  /** Whole coins an hour of one GPU, about. */
  price: number;
}

export const GPUS: readonly GpuModel[] = [
  { model: "NVIDIA GeForce RTX 4090", vramGb: 24, price: 0.6 },
  { model: "NVIDIA GeForce RTX 3090", vramGb: 24, price: 0.35 },
  { model: "NVIDIA GeForce RTX 3080", vramGb: 10, price: 0.2 },
  { model: "NVIDIA A100 80GB PCIe", vramGb: 80, price: 1.6 },
  { model: "NVIDIA A100 40GB", vramGb: 40, price: 1.1 },
  { model: "NVIDIA H100 80GB HBM3", vramGb: 80, price: 2.7 },
  { model: "NVIDIA L40S", vramGb: 48, price: 1.2 },
  { model: "NVIDIA L4", vramGb: 24, price: 0.5 },
  { model: "NVIDIA RTX A6000", vramGb: 48, price: 0.8 },
  { model: "NVIDIA Tesla T4", vramGb: 16, price: 0.25 },
  { model: "NVIDIA H200 141GB", vramGb: 141, price: 3.6 },
  { model: "AMD Instinct MI300X", vramGb: 192, price: 3.1 },
  { model: "AMD Radeon RX 7900 XTX", vramGb: 24, price: 0.4 },
  { model: "Apple M3 Max", vramGb: 64, price: 0.5 },
];

export const REGIONS = [
  ...["eu-west", "eu-central", "eu-north", "us-east", "us-west", "us-central", "ca-central"],
  ...["ap-southeast", "ap-northeast", "ap-south", "sa-east", "af-south", "me-central"],
] as const;

export const SANDBOXES = ["docker", "docker", "docker", "gvisor", "gvisor", "kata", "firecracker"] as const;

export const RIG_WORDS = [
  ...["north", "south", "blue", "amber", "silent", "rapid", "alpine", "harbor", "granite", "cedar"],
  ...["polar", "ember", "quartz", "meadow", "raven", "falcon", "orbit", "delta", "sable", "copper"],
] as const;
export const RIG_KINDS = ["rig", "node", "rack", "farm", "lab", "cluster", "box"] as const;

export const IMAGES = [
  ...["pytorch/pytorch:2.9-cuda12", "blender/render:4.5", "tensorflow/tensorflow:2.20-gpu"],
  ...["ghcr.io/comfy/comfyui:1.8", "vllm/vllm-openai:0.12", "nvidia/cuda:12.9-base", "demo:1"],
  ...["ghcr.io/fold/alphafold:3", "python:3.14-slim", "rust:1.91", "ffmpeg/encode:8"],
] as const;
export const TITLE_VERBS = [
  "Render",
  "Train",
  "Fine-tune",
  "Encode",
  "Fold",
  "Simulate",
  "Index",
  "Evaluate",
];
export const TITLE_NOUNS = [
  ...["sunrise", "llama adapter", "city walk", "protein batch", "wind tunnel", "speech corpus"],
  ...["product shots", "galaxy survey", "chess agent", "weather grid", "night scene", "benchmark"],
];

export const REASONS = ["OUT_OF_MEMORY", "EXIT_CODE", "IMAGE_PULL_FAILED", "OUTPUT_TOO_LARGE"] as const;
