-- Purpose: columns of the journeys by which a touch's credit follows from its own row, in the place of lists that grew with the journey.

alter table touchline.journeys drop column other_gaps_ms;
alter table touchline.journeys drop column lead_positions;
alter table touchline.journeys drop column opportunity_positions;

alter table touchline.journeys add columns (
  gap_2_ms bigint,
  gap_3_ms bigint,
  gap_4_ms bigint,
  gap_5_ms bigint,
  gap_6_ms bigint,
  gap_7_ms bigint,
  gap_8_ms bigint,
  last_channel string,
  last_origin string,
  marked bigint
);
