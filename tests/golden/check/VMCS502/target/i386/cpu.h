/* The feature words that a CPU model has. */
typedef enum FeatureWord { FEAT_VMX_BASIC, FEATURE_WORDS } FeatureWord;
