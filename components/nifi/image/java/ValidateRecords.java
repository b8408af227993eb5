package millrace.nifi;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import millrace.RecordReader;
import org.apache.nifi.annotation.behavior.InputRequirement;
import org.apache.nifi.annotation.documentation.CapabilityDescription;
import org.apache.nifi.annotation.documentation.Tags;
import org.apache.nifi.annotation.lifecycle.OnScheduled;
import org.apache.nifi.components.PropertyDescriptor;
import org.apache.nifi.components.ValidationContext;
import org.apache.nifi.components.ValidationResult;
import org.apache.nifi.components.Validator;
import org.apache.nifi.expression.ExpressionLanguageScope;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.AbstractProcessor;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import org.apache.nifi.processor.Relationship;

@Tags({"json", "schema", "validate", "record", "millrace"})
@CapabilityDescription(
    "Reads each line of a FlowFile as a record, by the JSON Schema of a topic, as the platform's streams do. Good lines go to `valid`, where there are none as an empty FlowFile; what "
        + "is wrong with the others goes to `invalid`, a JSON object for each: `error`, `source`, `line`, and `value`, the line's begin.")
@InputRequirement(InputRequirement.Requirement.INPUT_REQUIRED)
public final class ValidateRecords extends AbstractProcessor {
  static final PropertyDescriptor SCHEMA =
      new PropertyDescriptor.Builder()
          .name("Schema")
          .description("JSON Schema of the topic's records, as the platform writes it.")
          .required(true)
          .expressionLanguageSupported(ExpressionLanguageScope.NONE)
          .addValidator(ValidateRecords::isSchema)
          .build();
  static final PropertyDescriptor WHOLE =
      new PropertyDescriptor.Builder()
          .name("Whole")
          .description("Whether one bad line makes all of the FlowFile bad: then nothing of it goes to `valid`.")
          .required(true)
          .allowableValues("true", "false")
          .defaultValue("false")
          .build();
  static final PropertyDescriptor SOURCE =
      new PropertyDescriptor.Builder()
          .name("Source")
          .description("Where the lines come from, which is told of bad ones.")
          .required(true)
          .defaultValue("${source:replaceEmpty(${filename})}")
          .expressionLanguageSupported(ExpressionLanguageScope.FLOWFILE_ATTRIBUTES)
          .addValidator(Validator.VALID)
          .build();
  static final Relationship VALID = new Relationship.Builder().name("valid").description("Good lines.").build();
  static final Relationship INVALID =
      new Relationship.Builder().name("invalid").description("What is wrong with the others.").build();
  static final Relationship DONE =
      new Relationship.Builder()
          .name("original")
          .description("The FlowFile as it came, when all of it is read.")
          .autoTerminateDefault(true)
          .build();
  /** Of a bad line so many bytes are kept. */
  private static final int SHOWN = 2000;
  /** Bad lines of one FlowFile that are told one by one; after them comes how many more there are. */
  private static final int TOLD = 1000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private volatile RecordReader reader;

  private static ValidationResult isSchema(String subject, String input, ValidationContext context) {
    ValidationResult.Builder result = new ValidationResult.Builder().subject(subject).valid(true);
    try {
      RecordReader.of(input);
    } catch (RuntimeException error) {
      result.valid(false).explanation("it is no schema of a topic's records: " + error.getMessage());
    }
    return result.build();
  }

  @Override
  protected List<PropertyDescriptor> getSupportedPropertyDescriptors() {
    return List.of(SCHEMA, WHOLE, SOURCE);
  }

  @Override
  public Set<Relationship> getRelationships() {
    return Set.of(VALID, INVALID, DONE);
  }

  @OnScheduled
  public void prepare(ProcessContext context) {
    reader = RecordReader.of(context.getProperty(SCHEMA).getValue());
  }

  @Override
  public void onTrigger(ProcessContext context, ProcessSession session) {
    FlowFile flowFile = session.get();
    if (flowFile == null) return;
    boolean isWhole = context.getProperty(WHOLE).asBoolean();
    String source = context.getProperty(SOURCE).evaluateAttributeExpressions(flowFile).getValue();
    FlowFile valid = session.create(flowFile);
    FlowFile invalid = session.create(flowFile);
    Outcome outcome = new Outcome(source);
    try (OutputStream good = new BufferedOutputStream(session.write(valid));
        OutputStream bad = new BufferedOutputStream(session.write(invalid))) {
      session.read(flowFile, in -> outcome.read(new Lines(in, reader.mostBytes()), reader, good, bad));
      outcome.tellRest(bad);
    } catch (IOException error) {
      throw new org.apache.nifi.processor.exception.ProcessException("lines can't be read or written", error);
    }
    boolean isTaken = !(isWhole && outcome.bad > 0);
    pass(session, valid, isTaken, outcome.good, outcome, VALID);
    pass(session, invalid, outcome.bad > 0, outcome.bad, outcome, INVALID);
    session.adjustCounter("records", isTaken ? outcome.good : 0, false);
    session.adjustCounter("bad records", outcome.bad, false);
    session.transfer(flowFile, DONE);
  }

  private static void pass(
      ProcessSession session, FlowFile flowFile, boolean isWanted, long count, Outcome outcome, Relationship way) {
    if (!isWanted) {
      session.remove(flowFile);
      return;
    }
    Map<String, String> attributes = new HashMap<>();
    attributes.put("record.count", String.valueOf(count));
    if (outcome.first != null) attributes.put("error", outcome.first);
    session.transfer(session.putAllAttributes(flowFile, attributes), way);
  }

  /** What has been read. */
  private static final class Outcome {
    private final String source;
    private long good;
    private long bad;
    private String first;

    Outcome(String source) {
      this.source = source;
    }

    void read(Lines lines, RecordReader reader, OutputStream valid, OutputStream invalid) throws IOException {
      for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
        String error =
            line.length() > reader.mostBytes()
                ? "value too big: " + line.length() + " bytes, allowed " + reader.mostBytes()
                : reader.problem(line.bytes(), TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()));
        if (error == null) {
          good++;
          valid.write(line.bytes());
          valid.write('\n');
          continue;
        }
        bad++;
        if (first == null) first = error;
        if (bad <= TOLD) tell(invalid, error, line);
      }
    }

    private void tell(OutputStream invalid, String error, Lines.Line line) throws IOException {
      int shown = Math.min(line.bytes().length, SHOWN);
      Map<String, Object> told = new LinkedHashMap<>();
      told.put("error", error);
      told.put("source", source);
      told.put("line", line.number());
      told.put("value", new String(line.bytes(), 0, shown, StandardCharsets.UTF_8));
      invalid.write(JSON.writeValueAsBytes(told));
      invalid.write('\n');
    }

    void tellRest(OutputStream invalid) throws IOException {
      if (bad <= TOLD) return;
      Map<String, Object> told = new LinkedHashMap<>();
      told.put("error", (bad - TOLD) + " more bad lines");
      told.put("source", source);
      invalid.write(JSON.writeValueAsBytes(told));
      invalid.write('\n');
    }
  }
}
