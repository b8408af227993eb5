/** The platform's own notebooks in the bucket of published ones, where people and Airflow find them. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { labels } from "../../platform/names.ts";
import { s3Env } from "../object-store/s3-settings.ts";
import { configMap, job, type Resources } from "../../platform/workload.ts";
import type { Ready } from "../../platform/endpoints.ts";

const ROLE = "setup";
const FOLDER = "/notebooks";
/** Kubernetes takes a ConfigMap of 1 MiB; its names and labels need a little of it. */
const MOST_BYTES = 1_000_000;

export interface NotebookLibraryArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of its Kubernetes objects. @default - the component's name */
  readonly objectName?: string;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly resources: Resources;
  /** The store, with a key that reads and writes the bucket. */
  readonly objectStore: S3Endpoint;
  /** Bucket of the published notebooks; they lie at its root. */
  readonly bucket: string;
  /** The notebooks' texts by file name. */
  readonly notebooks: Readonly<Record<string, string>>;
}

/** What is wrong with the notebooks; empty when nothing is. */
export function notebookLibraryProblems(args: Pick<NotebookLibraryArgs, "notebooks">): string[] {
  const problems = Object.entries(args.notebooks).flatMap(([name, text]) => [
    ...(/^[A-Za-z0-9][A-Za-z0-9._-]*\.ipynb$/.test(name)
      ? []
      : [`notebook "${name}": use letters, digits, dots, dashes and underscores, and the ending .ipynb`]),
    ...(isNotebook(text) ? [] : [`notebook "${name}" is not JSON with cells; save it with JupyterLab`]),
  ]);
  const bytes = Object.values(args.notebooks).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MOST_BYTES) {
    problems.push(
      `notebooks: together they have ${bytes} bytes, and a ConfigMap takes ${MOST_BYTES}; clear their outputs, ` +
        "or publish large ones from JupyterLab",
    );
  }
  return problems;
}

/** A Job that puts the notebooks there. One that a person has changed is left alone; nothing is ever removed. */
export class NotebookLibrary extends Component {
  /** Made when the notebooks are in the bucket. */
  readonly ready: Ready;

  /** @throws ResourceError when a notebook is none, or they are too large. */
  constructor(name: string, args: NotebookLibraryArgs, opts?: ComponentOptions) {
    const { bucket, notebooks } = args;
    super("NotebookLibrary", name, { bucket, notebooks: Object.keys(notebooks) }, opts);
    const problems = notebookLibraryProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const { objectName = name } = args;
    const childOptions = { parent: this };
    const files = configMap(
      objectName,
      { namespace: args.namespace, labels: labels(objectName, ROLE), data: { ...notebooks } },
      childOptions,
    );
    const setup = job(
      {
        name: objectName,
        namespace: args.namespace,
        retries: 3,
        pod: {
          service: objectName,
          component: ROLE,
          reaches: [args.objectStore.at],
          image: args.toolsImage,
          command: ["node", "/opt/millrace/components/notebooks/programs/notebooks-setup.ts"],
          env: [
            ...s3Env(args.objectStore),
            { name: "BUCKET", value: bucket },
            { name: "NOTEBOOKS_DIR", value: FOLDER },
          ],
          resources: args.resources,
          config: JSON.stringify(notebooks),
          volumes: [{ name: "notebooks", configMap: { name: files.metadata.name } }],
          mounts: [{ name: "notebooks", mountPath: FOLDER, readOnly: true }],
          scratch: ["/tmp"],
        },
      },
      { ...childOptions, dependsOn: [...args.objectStore.ready] },
    );
    this.ready = [setup];
    this.registerOutputs({ ready: setup.id });
  }
}

function isNotebook(text: string): boolean {
  try {
    const notebook: unknown = JSON.parse(text);
    return typeof notebook === "object" && notebook !== null && Array.isArray(Reflect.get(notebook, "cells"));
  } catch {
    return false;
  }
}
