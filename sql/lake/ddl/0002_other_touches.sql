-- Purpose: columns of the journeys by which a touch's credit follows from its own row, whatever the rule and the window.

alter table touchline.journeys add columns (
  other_gaps_ms array<bigint>,
  lead_positions array<bigint>,
  opportunity_positions array<bigint>
);
