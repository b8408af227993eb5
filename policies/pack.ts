/** The policy pack. Loading it starts the policy server: tests import the rules instead. */
import { PolicyPack } from "@pulumi/policy";
import { rules, stackRules } from "./rules/index.ts";

new PolicyPack("millrace", { policies: [...rules, ...stackRules] });
