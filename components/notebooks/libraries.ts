import { sparkVersions } from "../spark/image/versions.ts";

/** What a notebook may import, whether a person runs it in JupyterHub or Airflow by papermill. */
export const notebookLibraries = [
  "boto3",
  "confluent-kafka",
  "ipykernel",
  "matplotlib",
  "nbclient",
  "nbconvert",
  // Spark learns pandas 3 only after 4.1.
  "pandas<3",
  "papermill",
  // Presto 0.287 does not speak the headers of Trino's client.
  "presto-python-client",
  "pyarrow",
  `pyspark-client==${sparkVersions.spark}`,
  // Without a bound the resolver goes back to a version of years ago for the sake of a newer boto3.
  "s3fs>=2025",
];
