/**
 * What free SQL may call and cast to, by the names of PostgreSQL's catalogue. A name gets in when it computes from its
 * arguments alone: it reads no table, setting, file or other session, runs no text as a statement, moves no sequence,
 * takes no lock, and does not make much out of little (`repeat` asks for a gigabyte in twenty letters).
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

export const ALLOWED_FUNCTIONS = words(`
  count sum avg min max bool_and bool_or every array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg
  stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_slope regr_intercept regr_r2
  percentile_cont percentile_disc mode any_value bit_and bit_or
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value

  abs ceil ceiling floor round trunc sign mod div power sqrt exp ln log width_bucket random

  lower upper initcap length char_length character_length octet_length btrim ltrim rtrim substring substr left right
  replace translate reverse position strpos split_part concat concat_ws starts_with ascii chr overlay quote_literal
  regexp_match regexp_matches regexp_replace regexp_like regexp_count regexp_substr regexp_split_to_array
  string_to_array array_to_string similar_to_escape like_escape normalize is_normalized md5 to_char to_number format

  now date_trunc date_part extract age to_date to_timestamp make_date make_time make_timestamp make_timestamptz
  make_interval timezone overlaps justify_days justify_hours justify_interval isfinite date_bin
  statement_timestamp transaction_timestamp clock_timestamp

  array_length array_position array_positions array_remove array_append array_prepend array_cat cardinality unnest
  generate_series generate_subscripts num_nulls num_nonnulls

  to_json to_jsonb row_to_json json_build_object jsonb_build_object json_build_array jsonb_build_array
  json_array_length jsonb_array_length json_array_elements jsonb_array_elements json_array_elements_text
  jsonb_array_elements_text json_each jsonb_each json_each_text jsonb_each_text json_object_keys jsonb_object_keys
  json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text jsonb_typeof json_typeof
  jsonb_path_exists jsonb_path_query jsonb_path_query_first jsonb_path_query_array json_strip_nulls jsonb_strip_nulls

  to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline
`);

/**
 * No `reg…` type: reading one looks the name up in the catalogue, and so tells whether a table, role or function exists
 * that the caller may not see. No `xml`, whose reader is a parser of its own.
 */
export const ALLOWED_TYPES = words(`
  bool int2 int4 int8 float4 float8 numeric text varchar bpchar char bytea bit varbit uuid json jsonb jsonpath
  date time timetz timestamp timestamptz interval tsvector tsquery inet cidr
  int4range int8range numrange daterange tsrange tstzrange
`);

/** The functions that the grammar writes without brackets. Those that name roles and schemas are left out. */
export const ALLOWED_VALUES = words(`
  SVFOP_CURRENT_DATE SVFOP_CURRENT_TIME SVFOP_CURRENT_TIME_N SVFOP_CURRENT_TIMESTAMP SVFOP_CURRENT_TIMESTAMP_N
  SVFOP_LOCALTIME SVFOP_LOCALTIME_N SVFOP_LOCALTIMESTAMP SVFOP_LOCALTIMESTAMP_N
`);

/** The one schema that free SQL reads. What of it may be read is for the grants and policies of `mcp_reader` to say. */
export const READABLE_SCHEMA = 'app';
