-- Purpose: columns of the journeys that tell what the weights of a journey's touches sum to, so that a touch's credit by age need not work it out.

alter table touchline.journeys add columns (
  time_decay_total_1 double,
  time_decay_total_7 double,
  time_decay_total_14 double,
  time_decay_total_28 double,
  time_decay_total_30 double,
  time_decay_total_60 double,
  time_decay_total_90 double,
  hyperbolic_decay_total_1 double,
  hyperbolic_decay_total_7 double,
  hyperbolic_decay_total_14 double,
  hyperbolic_decay_total_28 double,
  hyperbolic_decay_total_30 double,
  hyperbolic_decay_total_60 double,
  hyperbolic_decay_total_90 double
);
