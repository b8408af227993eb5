/** Figures of Flink's jobs, as its JobManager has them. */
import * as z from "zod";
import { askJson } from "../../platform/ask-json.ts";
import { defineWatch, type Sample } from "../../platform/watching.ts";

const overviewShape = z.looseObject({
  jobs: z.array(z.looseObject({ jid: z.string(), name: z.string(), state: z.string(), "start-time": z.number() })),
});
const clusterShape = z.looseObject({
  taskmanagers: z.number(),
  "slots-total": z.number(),
  "slots-available": z.number(),
});
const checkpointsShape = z.looseObject({
  counts: z.looseObject({ failed: z.number(), completed: z.number() }),
  latest: z.looseObject({
    completed: z.looseObject({ latest_ack_timestamp: z.number(), end_to_end_duration: z.number() }).nullish(),
  }),
});
const metricsShape = z.array(z.looseObject({ id: z.string(), value: z.string() }));

export const flinkWatch = defineWatch({
  room: "flink",
  settings: z.strictObject({ url: z.url() }),
  make({ url }) {
    const ofJob = async (id: string, name: string, signal: AbortSignal): Promise<Sample[]> => {
      const labels = { flink_job: name };
      const [checkpoints, metrics] = await Promise.all([
        askJson(`${url}/jobs/${id}/checkpoints`, checkpointsShape, signal),
        askJson(`${url}/jobs/${id}/metrics?get=numRestarts`, metricsShape, signal),
      ]);
      const last = checkpoints.latest.completed;
      return [
        { name: "flink_job_checkpoints_completed_total", labels, value: checkpoints.counts.completed },
        { name: "flink_job_checkpoints_failed_total", labels, value: checkpoints.counts.failed },
        ...metrics.map(({ value }) => ({ name: "flink_job_restarts_total", labels, value: Number(value) })),
        ...(last
          ? [
              { name: "flink_job_last_checkpoint_seconds", labels, value: last.latest_ack_timestamp / 1000 },
              { name: "flink_job_last_checkpoint_duration_seconds", labels, value: last.end_to_end_duration / 1000 },
            ]
          : []),
      ];
    };
    return async (signal) => {
      const [{ jobs }, cluster] = await Promise.all([
        askJson(`${url}/jobs/overview`, overviewShape, signal),
        askJson(`${url}/overview`, clusterShape, signal),
      ]);
      // Of a job that was started anew the former runs are listed, too.
      const newest = new Map(jobs.toSorted((a, b) => a["start-time"] - b["start-time"]).map((job) => [job.name, job]));
      // One that has come to its end, or was cancelled, is as it shall be.
      const lasting = [...newest.values()].filter(({ state }) => state !== "FINISHED" && state !== "CANCELED");
      const running = lasting.filter(({ state }) => state === "RUNNING");
      return [
        { name: "flink_taskmanagers", value: cluster.taskmanagers },
        { name: "flink_slots_available", value: cluster["slots-available"] },
        ...lasting.map(({ name, state }) => ({
          name: "flink_job_running",
          labels: { flink_job: name },
          value: Number(state === "RUNNING"),
        })),
        ...(await Promise.all(running.map(({ jid, name }) => ofJob(jid, name, signal)))).flat(),
      ];
    };
  },
});
