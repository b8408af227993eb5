import { expect } from "chai";
import { setDeadline } from "../../policies/rules/job-set-deadline.ts";
import { violations } from "./fixtures.ts";

const limits = { activeDeadlineSeconds: 60, backoffLimit: 0 };

describe("the policy kubernetes-job-set-deadline", () => {
  it("accepts Jobs and CronJobs that end", async () => {
    expect(await violations(setDeadline, "kubernetes:batch/v1:Job", { spec: limits })).to.deep.equal([]);
    const cron = { spec: { jobTemplate: { spec: limits } } };
    expect(await violations(setDeadline, "kubernetes:batch/v1:CronJob", cron)).to.deep.equal([]);
  });

  it("refuses those that may go on for ever", async () => {
    expect(await violations(setDeadline, "kubernetes:batch/v1:Job", { spec: {} })).to.deep.equal([
      'Job "it": does not set activeDeadlineSeconds; set it',
      'Job "it": does not set backoffLimit; set it',
    ]);
    expect(await violations(setDeadline, "kubernetes:batch/v1:CronJob", { spec: limits })).to.have.length(2);
  });
});
