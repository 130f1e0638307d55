import type { MetricDefinition, Metrics } from '#lib/metrics.ts';

import { CHANNEL_KINDS } from '../notices/notice-channel.ts';
import { DELIVERY_EVENTS } from '../notices/delivery-state.ts';
import { ACTIONS, KINDS } from '../roster/kinds.ts';
import { RUN_STATES } from '../run/run-state.ts';
import { FAILURE_CLASSES } from './failure-class.ts';

/** What a run does, in its order; `completing`: settling escrow, errors and notices. */
export const RUN_STAGES = ['staging', 'planning', 'applying', 'completing'] as const;
export type RunStage = (typeof RUN_STAGES)[number];

/** The status of a profile as Graph's clients see it. */
export const STATUSES = [
  'paused',
  'inProgress',
  'success',
  'error',
  'validationError',
  'quarantined',
] as const;

/** Hours since the last success from which on a profile is counted. */
export const SILENT_HOURS = [1, 6, 24, 48, 168] as const;

export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const POOLS = ['app', 'reader', 'owner'] as const;

const STAGE_SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600] as const;
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30] as const;

/**
 * Every number of `/metrics`, once: docs/guide/metrics.md is made from this. What is counted where it happens is of this process alone;
 * what is read from the database (said so) is the same in every process. No label ever holds a name, an id or a text from outside.
 */
export const METRICS = {
  rollbook_build_info: {
    type: 'gauge',
    help: 'Always 1; the version and the mode that runs.',
    labels: { version: null, mode: ['all', 'api', 'worker'] },
  },
  rollbook_ready: { type: 'gauge', help: '1: ready to serve; a worker has none.' },
  rollbook_database_up: { type: 'gauge', help: '1: the numbers that come from the database could be read.' },

  rollbook_runs: {
    type: 'gauge',
    help: 'Runs that are not at their end, by state (from the database).',
    labels: { state: RUN_STATES },
  },
  rollbook_queue_runs: {
    type: 'gauge',
    help: 'Runs that a worker should be working on and none is (from the database).',
  },
  rollbook_queue_oldest_seconds: {
    type: 'gauge',
    help: 'How long the oldest of them has been due (from the database); 0: none is.',
  },
  rollbook_profiles: {
    type: 'gauge',
    help: 'Profiles by status (from the database).',
    labels: { status: STATUSES },
  },
  rollbook_profiles_without_success: {
    type: 'gauge',
    help: 'Profiles that are not paused and whose last success is longer ago than so many hours (from the database).',
    labels: { hours: SILENT_HOURS.map(String) },
  },
  rollbook_oldest_success_seconds: {
    type: 'gauge',
    help: 'The longest time since the last success of a profile that is not paused (from the database); 0: there is none.',
  },
  rollbook_notices_waiting: {
    type: 'gauge',
    help: 'Notices that wait for a channel to take them (from the database).',
  },

  rollbook_run_stage_seconds: {
    type: 'histogram',
    help: 'How long the stages of runs took, failed ones included.',
    labels: { stage: RUN_STAGES },
    buckets: STAGE_SECONDS,
  },
  rollbook_staged_records_total: {
    type: 'counter',
    help: 'Valid records that were read from files.',
    labels: { kind: KINDS },
  },
  rollbook_dropped_rows_total: {
    type: 'counter',
    help: 'Rows of files that were left out because of errors.',
  },
  rollbook_planned_items_total: {
    type: 'counter',
    help: 'Changes that were planned, held ones included.',
    labels: { kind: KINDS, action: ACTIONS },
  },
  rollbook_applied_items_total: {
    type: 'counter',
    help: 'Changes that were brought into the directory; ending is a kind of its own here.',
    labels: { kind: [...KINDS, 'endings'] },
  },
  rollbook_refused_items_total: { type: 'counter', help: 'Changes that the directory refused, one by one.' },
  rollbook_runs_left_total: {
    type: 'counter',
    help: 'Runs that a worker let go, by the state it left them in.',
    labels: { state: RUN_STATES },
  },
  rollbook_run_failures_total: {
    type: 'counter',
    help: 'Runs that broke off, by class of the fault.',
    labels: { class: FAILURE_CLASSES },
  },
  rollbook_lease_takeovers_total: {
    type: 'counter',
    help: 'Runs that this process took over from a worker that gave no sign of life.',
  },
  rollbook_leases_lost_total: {
    type: 'counter',
    help: 'Runs that this process lost to another worker.',
  },
  rollbook_notice_attempts_total: {
    type: 'counter',
    help: 'Attempts to deliver notices, by what came of them; gaveUp was the last one.',
    labels: { channel: CHANNEL_KINDS, outcome: DELIVERY_EVENTS },
  },

  rollbook_http_requests_total: {
    type: 'counter',
    help: 'Answered requests.',
    labels: { method: HTTP_METHODS, route: null, status: STATUS_CLASSES },
  },
  rollbook_http_request_seconds: {
    type: 'histogram',
    help: 'Time from the head of a request to the end of its answer.',
    labels: { method: HTTP_METHODS, route: null },
    buckets: REQUEST_SECONDS,
  },
  rollbook_http_throttled_total: { type: 'counter', help: 'Requests that were answered with 429.' },
  rollbook_upload_bytes_total: { type: 'counter', help: 'Bytes of uploaded files that were stored.' },

  rollbook_database_connections: {
    type: 'gauge',
    help: 'Connections of a pool that are in use.',
    labels: { pool: POOLS },
  },
  rollbook_database_connections_idle: {
    type: 'gauge',
    help: 'Connections of a pool that are open and not in use.',
    labels: { pool: POOLS },
  },
  rollbook_database_connections_most: {
    type: 'gauge',
    help: 'Connections that a pool may open.',
    labels: { pool: POOLS },
  },
  rollbook_database_waiting: {
    type: 'gauge',
    help: 'Who waits for a connection of a pool.',
    labels: { pool: POOLS },
  },
  rollbook_slow_statements_total: {
    type: 'counter',
    help: 'Statements that took longer than SLOW_STATEMENT_MS.',
  },

  rollbook_event_loop_delay_p99_seconds: {
    type: 'gauge',
    help: 'By how much the event loop was late since the last reading, 99th percentile.',
  },
  rollbook_event_loop_delay_max_seconds: {
    type: 'gauge',
    help: 'By how much it was late at most since the last reading.',
  },
  process_resident_memory_bytes: { type: 'gauge', help: 'Memory that the process has in use.' },
  process_heap_bytes: { type: 'gauge', help: 'JavaScript heap in use.' },
  process_external_memory_bytes: { type: 'gauge', help: 'Buffers outside of the heap.' },
  process_cpu_seconds_total: { type: 'counter', help: 'CPU time, user and system.' },
  process_start_time_seconds: { type: 'gauge', help: 'When it started, since 1970.' },
  process_open_fds: { type: 'gauge', help: 'Open file descriptors; only on Linux.' },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
export type RollbookMetrics = Metrics<typeof METRICS>;
