import type { ClassAnchor } from '#core/roster/class-anchor.ts';
import type { Profile } from '#core/run/profile.ts';

/** A profile as stored, with what the API does not show. */
export interface StoredProfile extends Profile {
  /** As stored: see readProfileSettings. */
  readonly settings: unknown;
  /** Of its source system, whose links are made by it. */
  readonly classAnchor: ClassAnchor;
  /** Encrypted JSON, see engine/profiles/profile-secrets. */
  readonly secrets: Buffer | null;
  readonly pausedAt: Date | null;
  readonly quarantinedAt: Date | null;
  readonly quarantineReason: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** `YYYY-MM-DD` in the tenant's time zone, and the clock of the database, both of this transaction. */
  readonly today: string;
  readonly now: Date;
}

export interface ProfileRow {
  id: string;
  source_system_id: string;
  display_name: string;
  data_provider: Profile['dataProvider'];
  identity_configuration: Profile['identityConfiguration'];
  licenses_to_assign: Profile['licensesToAssign'];
  handle_special_character_constraint: boolean | null;
  expiration_date: string | null;
  settings: unknown;
  class_anchor: ClassAnchor;
  secrets: Buffer | null;
  state: Profile['state'];
  paused_at: Date | null;
  quarantined_at: Date | null;
  quarantine_reason: string | null;
  created_at: Date;
  updated_at: Date;
  today: string;
  now: Date;
}

/** Columns of a ProfileRow, of `profile p join tenant t`. */
export const PROFILE_COLUMNS = `p.id, p.source_system_id, p.display_name, p.data_provider, p.identity_configuration,
  p.licenses_to_assign, p.handle_special_character_constraint, p.expiration_date, p.settings, p.secrets, p.state,
  p.paused_at, p.quarantined_at, p.quarantine_reason, p.created_at, p.updated_at,
  (select s.class_anchor from source_system s where s.tenant_id = p.tenant_id and s.id = p.source_system_id) as class_anchor, (now() at time zone t.time_zone)::date as today, now() as now`;

export function toStoredProfile(row: ProfileRow): StoredProfile {
  return {
    id: row.id,
    sourceSystemId: row.source_system_id,
    displayName: row.display_name,
    dataProvider: row.data_provider,
    identityConfiguration: row.identity_configuration,
    licensesToAssign: row.licenses_to_assign,
    handleSpecialCharacterConstraint: row.handle_special_character_constraint,
    expirationDate: row.expiration_date,
    settings: row.settings,
    classAnchor: row.class_anchor,
    secrets: row.secrets,
    state: row.state,
    pausedAt: row.paused_at,
    quarantinedAt: row.quarantined_at,
    quarantineReason: row.quarantine_reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    today: row.today,
    now: row.now,
  };
}
